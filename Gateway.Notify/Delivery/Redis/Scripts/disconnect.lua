-- Tells every node with a seat of a user to close the sockets of one session, or all.
-- ARGV: 1 user, 2 PUBLISH or SPUBLISH, 3 'all' or 'session', 4 the session
local nodes, fields = {}, redis.call('HGETALL', key('user', ARGV[1]))
for i = 1, #fields, 2 do
  if #fields[i] > 1 then
    local _, node = seat(fields[i + 1])
    nodes[node] = true
  end
end
for node in pairs(nodes) do
  post(node, ARGV[2], 'd', ARGV[3], 's', ARGV[4], 'u', ARGV[1])
end
return 0
