-- Lets a node take part, and sets aside the seats it may have had before.
-- ARGV: 1 node
-- Returns {epoch, 1 if its mailbox begins anew}.
redis.call('ZADD', bucket .. 'nodes', clock(), ARGV[1])
local isNew = redis.call('HSETNX', bucket .. 'boxes', ARGV[1], 0)
if isNew == 1 then
  redis.call('DEL', key('box', ARGV[1]))
end
setAside(ARGV[1])
return { redis.call('HGET', KEYS[1], 'epoch') or '', isNew }
