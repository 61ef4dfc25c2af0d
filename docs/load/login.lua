-- Each integration in turn signs in. A line of "logins" is a body.
dofile(os.getenv("LOAD_SCRIPTS") .. "/common.lua")
local posts, n = {}, 0

function init(_)
  for _, body in ipairs(lines("logins")) do
    posts[#posts + 1] = wrk.format("POST", "/v1/login", { ["Content-Type"] = "application/json" }, body)
  end
end

function request()
  n = n + 1
  return posts[n % #posts + 1]
end
