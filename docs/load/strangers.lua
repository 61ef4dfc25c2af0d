-- Every integration in turn signs in with a wrong credential, each time from
-- another address, as a trusted proxy tells. So every record is read once, and
-- what is remembered of failures is as much as it can be.
dofile(os.getenv("LOAD_SCRIPTS") .. "/common.lua")
local count, n = tonumber(os.getenv("LOAD_INTEGRATIONS")), 0

function request()
  n = n + 1
  local body = string.format('{"name":"app-%06d","credential":"%s"}', (n * 7919) % count + 1, string.rep("A", 43))
  return wrk.format("POST", "/v1/login", {
    ["Content-Type"] = "application/json", ["X-Forwarded-For"] = string.format("10.%d.%d.%d", n / 65536 % 256, n / 256 % 256, n % 256),
  }, body)
end
