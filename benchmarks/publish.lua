-- For wrk: every body is sent once. Thread i of n takes the bodies i, i+n, i+2n, ... of the file BODIES,
-- in which each stands behind a line with its length. The file REPORT gets the counts and latencies as JSON.
local threads = {}

function setup(thread)
   thread:set("number", #threads)
   table.insert(threads, thread)
end

local bodies, place = {}, 0

function init(args)
   statuses, unsent = {}, 0
   wrk.method = "POST"
   wrk.headers["Content-Type"] = os.getenv("MEDIA_TYPE")
   local file = assert(io.open(os.getenv("BODIES"), "rb"))
   local count, which = tonumber(os.getenv("THREADS")), 0
   while true do
      local length = file:read("*n")
      if length == nil then break end
      file:read(1)
      local body = file:read(length)
      if which % count == number then table.insert(bodies, body) end
      which = which + 1
   end
   file:close()
end

function request()
   place = place + 1
   if place > #bodies then
      -- Nothing new is left: ask for something that isn't counted, and say that the run was too long.
      unsent = unsent + 1
      return wrk.format("GET", "/healthz")
   end
   local body = bodies[place]
   bodies[place] = false
   return wrk.format(nil, nil, nil, body)
end

function response(status)
   statuses[status] = (statuses[status] or 0) + 1
end

function done(summary, latency, requests)
   local total, missing = {}, 0
   for _, thread in ipairs(threads) do
      for status, count in pairs(thread:get("statuses")) do
         total[status] = (total[status] or 0) + count
      end
      missing = missing + thread:get("unsent")
   end
   local lines = {}
   for status, count in pairs(total) do table.insert(lines, string.format('"%d": %d', status, count)) end
   local e = summary.errors
   local file = assert(io.open(os.getenv("REPORT"), "w"))
   file:write(string.format(
      '{"seconds": %.6f, "statuses": {%s}, "unsent": %d, "broken": %d, "p50": %.3f, "p95": %.3f, "p99": %.3f, "max": %.3f}',
      summary.duration / 1e6, table.concat(lines, ", "), missing, e.connect + e.read + e.write + e.timeout,
      latency:percentile(50) / 1e3, latency:percentile(95) / 1e3, latency:percentile(99) / 1e3, latency.max / 1e3))
   file:close()
end
