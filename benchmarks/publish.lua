-- For wrk: every body is sent once. Thread i of n takes the bodies i, i+n, i+2n, ... of the file BODIES,
-- in which each stands behind a line with its length.
dofile(os.getenv("SCRIPTS") .. "/counting.lua")

local bodies, place = {}, 0

function init(args)
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
