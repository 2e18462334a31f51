-- For wrk: the addresses in the file PATHS, one a line, are asked for in turn, again and again.
dofile(os.getenv("SCRIPTS") .. "/counting.lua")

local requests, place = {}, 0

function init(args)
   for line in io.lines(os.getenv("PATHS")) do table.insert(requests, wrk.format("GET", line)) end
end

function request()
   place = place % #requests + 1
   return requests[place]
end
