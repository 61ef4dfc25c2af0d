-- Each integration in turn checks another credential out, with a key of its own
-- for each request: a UUID that begins with the time, as our client makes them, or,
-- with LOAD_KEYS=random, one that follows no order. LOAD_RUN is the time in
-- nanoseconds, different in every run. LOAD_PATH is where.
dofile(os.getenv("LOAD_SCRIPTS") .. "/common.lua")
local run, count, path = os.getenv("LOAD_RUN"), tonumber(os.getenv("LOAD_CREDENTIALS")), os.getenv("LOAD_PATH")
local random = os.getenv("LOAD_KEYS") == "random"
local began = tonumber(run:sub(1, -7)) -- in milliseconds
local tokens, n = {}, 0
for _, line in ipairs(lines("tokens")) do tokens[#tokens + 1] = "Bearer " .. line:match("^%S+") end

function init(_) math.randomseed(tonumber(run:sub(-9))) end

-- key has milliseconds and 4096ths of them, by the time that this program works.
local function key()
  local high, low, version, part = math.random(0, 0xffffffff), math.random(0, 0xffff), 4, math.random(0, 0xfff)
  if not random then
    local now = began + os.clock() * 1000
    high, low, version, part = math.floor(now / 0x10000), math.floor(now) % 0x10000, 7, math.floor(now % 1 * 0x1000)
  end
  return string.format("%08x-%04x-%d%03x-%04x-%06x%06x", high, low, version, part, math.random(0x8000, 0xbfff), math.random(0, 0xffffff), n % 0x1000000)
end

function request()
  n = n + 1
  local body = string.format('{"system":"web%05d","account":"svc","hours":1,"comment":"load"}', (n * 7919) % count + 1)
  return wrk.format("POST", path, {
    ["Authorization"] = tokens[n % #tokens + 1], ["Content-Type"] = "application/json", ["Idempotency-Key"] = key(),
  }, body)
end
