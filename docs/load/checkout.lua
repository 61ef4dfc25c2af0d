-- Each integration in turn checks another credential out, with a key of its own
-- for each request. LOAD_RUN is different in every run. LOAD_PATH is where. With
-- LOAD_KEYS=random the keys follow no order, as those of most clients.
dofile(os.getenv("LOAD_SCRIPTS") .. "/common.lua")
local run, count, path = os.getenv("LOAD_RUN"), tonumber(os.getenv("LOAD_CREDENTIALS")), os.getenv("LOAD_PATH")
local random = os.getenv("LOAD_KEYS") == "random"
local tokens, n = {}, 0
for _, line in ipairs(lines("tokens")) do tokens[#tokens + 1] = "Bearer " .. line:match("^%S+") end

function init(_) math.randomseed(tonumber(run:sub(-9))) end

local function key()
  if not random then return run .. "-" .. n end
  return string.format("%08x-%08x-%08x", math.random(0, 0x7fffffff), math.random(0, 0x7fffffff), n)
end

function request()
  n = n + 1
  local body = string.format('{"system":"web%05d","account":"svc","hours":1,"comment":"load"}', (n * 7919) % count + 1)
  return wrk.format("POST", path, {
    ["Authorization"] = tokens[n % #tokens + 1], ["Content-Type"] = "application/json", ["Idempotency-Key"] = key(),
  }, body)
end
