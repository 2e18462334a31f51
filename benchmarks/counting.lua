-- For wrk, shared by the scripts beside it: counts answers by status. The file REPORT gets the counts and latencies
-- as JSON; `unsent` is what a script counts in a variable of that name.
local threads = {}
statuses, unsent = {}, 0

function setup(thread)
   thread:set("number", #threads)
   table.insert(threads, thread)
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
