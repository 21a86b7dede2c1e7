-- Lets a node take part, and sets aside the seats it may have had before.
-- ARGV: 1 node
-- Returns {epoch, the number of the newest letter in its mailbox}.
redis.call('ZADD', bucket .. 'nodes', clock(), ARGV[1])
if redis.call('HSETNX', bucket .. 'boxes', ARGV[1], 0) == 1 then
  redis.call('DEL', key('box', ARGV[1]))
end
setAside(ARGV[1])
return { redis.call('HGET', KEYS[1], 'epoch') or '', redis.call('HGET', bucket .. 'boxes', ARGV[1]) }
