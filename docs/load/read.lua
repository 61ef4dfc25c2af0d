-- Each integration in turn reads a check-out of its own. A line of "tokens" is
-- a token and the id of that check-out.
dofile(os.getenv("LOAD_SCRIPTS") .. "/common.lua")
local gets, n = {}, 0

function init(_)
  for _, line in ipairs(lines("tokens")) do
    local token, id = line:match("^(%S+) (%S+)$")
    gets[#gets + 1] = wrk.format("GET", "/v1/checkouts/" .. id, { ["Authorization"] = "Bearer " .. token })
  end
end

function request()
  n = n + 1
  return gets[n % #gets + 1]
end
