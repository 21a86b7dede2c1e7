-- Hands out a node's letters after one number; what came before is thrown away, for it has been read.
-- ARGV: 1 node, 2 the number, 3 how many at most
-- Returns {epoch or empty, number of the newest letter or empty if the node is unknown, letters}.
local box = key('box', ARGV[1])
local next = text(ARGV[2] + 1) .. '-0'
redis.call('XTRIM', box, 'MINID', next)
return {
  redis.call('HGET', KEYS[1], 'epoch') or '', redis.call('HGET', bucket .. 'boxes', ARGV[1]) or '',
  redis.call('XRANGE', box, next, '+', 'COUNT', ARGV[3]),
}
