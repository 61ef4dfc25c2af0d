-- GET of the bare server, with a token that it does not look at.
dofile(os.getenv("LOAD_SCRIPTS") .. "/common.lua")
local get

function init(_) get = wrk.format("GET", "/hello", { ["Authorization"] = "Bearer " .. string.rep("x", 43) }) end

function request() return get end
