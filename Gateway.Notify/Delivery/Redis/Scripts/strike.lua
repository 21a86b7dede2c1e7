-- Strikes some seats of a node that has not taken them again: of a dead or leaving one all there are. Survivors may do so together.
-- ARGV: 1 node, 2 how many, 3 the last beat of a dead node, 'leaves', or empty for a node that is there, 4 to 7 the rule of unseat, 8 a new epoch
-- Returns how many are left, or -1 when the node has beaten since or is unknown.
local node, gone, last = ARGV[1], key('gone', ARGV[1]), tonumber(ARGV[3])
if ARGV[3] ~= '' then
  local beat = redis.call('ZSCORE', bucket .. 'nodes', node)
  if not beat or (last and last ~= tonumber(beat)) then
    return -1
  end
  if redis.call('HDEL', bucket .. 'boxes', node) == 1 and last then
    -- It may have been cut off, and its sub-services' events with it, long before it died.
    redis.call('HSET', KEYS[1], 'epoch', ARGV[8], 'changed', text(clock()))
  end
  redis.call('DEL', key('box', node))
  setAside(node)
end
if redis.call('EXISTS', gone) == 1 then
  local some = redis.call('HRANDFIELD', gone, ARGV[2], 'WITHVALUES')
  for i = 1, #some, 2 do
    if redis.call('HEXISTS', key('node', node), some[i]) == 0 then
      -- What cannot be done for one user must not keep the others' seats.
      pcall(unseat, some[i + 1], some[i], { ARGV[4], ARGV[5], ARGV[6], ARGV[7] }, last)
    end
    redis.call('HDEL', gone, some[i])
  end
end
local left = redis.call('HLEN', gone)
if left == 0 and ARGV[3] ~= '' then
  redis.call('ZREM', bucket .. 'nodes', node)
end
return left
