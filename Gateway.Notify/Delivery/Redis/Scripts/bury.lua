-- Takes a silent node on, so that one survivor sees to it, or lets a node go that leaves in good order.
-- ARGV: 1 node, 2 its last beat, or empty for whatever it is
-- Returns 1, or 0 when it has beaten since or somebody else was first.
local beat = redis.call('ZSCORE', bucket .. 'nodes', ARGV[1])
if not beat or (ARGV[2] ~= '' and tonumber(beat) ~= tonumber(ARGV[2])) then
  return 0
end
redis.call('ZREM', bucket .. 'nodes', ARGV[1])
redis.call('ZADD', bucket .. 'graves', clock(), ARGV[1])
redis.call('DEL', key('box', ARGV[1]))
redis.call('HDEL', bucket .. 'boxes', ARGV[1])
setAside(ARGV[1])
return 1
