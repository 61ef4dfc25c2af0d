-- What the scripts for wrk share. LOAD_DIR has the lists that run.sh makes.
local dir = os.getenv("LOAD_DIR")

-- lines reads a file of that directory.
function lines(name)
  local out = {}
  for line in io.lines(dir .. "/" .. name) do out[#out + 1] = line end
  return out
end

-- done tells: requests, microseconds, p50 and p99 in microseconds, failures.
function done(summary, latency, _)
  local e = summary.errors
  io.write(string.format("result %d %d %d %d %d\n", summary.requests, summary.duration,
    latency:percentile(50), latency:percentile(99), e.connect + e.read + e.write + e.status + e.timeout))
end
