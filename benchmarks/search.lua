-- For wrk: the addresses in the file PATHS, one a line, are asked for in turn, again and again, with ACCEPT.
dofile(os.getenv("SCRIPTS") .. "/counting.lua")

local requests, place = {}, 0

function init(args)
   local headers = { ["Accept"] = os.getenv("ACCEPT"), ["Accept-Encoding"] = "gzip" }
   for line in io.lines(os.getenv("PATHS")) do table.insert(requests, wrk.format("GET", line, headers)) end
end

function request()
   place = place % #requests + 1
   return requests[place]
end
