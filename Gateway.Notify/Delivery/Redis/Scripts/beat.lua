-- Says that a node is alive, and looks whether the bucket is still the one the nodes know; if not, its epoch changes: once, whoever sees it first.
-- ARGV: 1 node, 2 how long a node may be silent in ms, 3 a new epoch, 4 how long ago an event of this node was lost in ms, or empty,
--       5 whether to ask for the primary in any case (0 or 1), 6 the number of the last letter read
-- Returns {epoch, number of the node's newest letter or empty if it is unknown, its seats, departures due, the time, node silent, its last beat, ...}.
local node, now = ARGV[1], clock()
local state = redis.call('HMGET', KEYS[1], 'epoch', 'run', 'checked', 'changed')
local epoch, run = state[1], state[2]
local changes, jumps = not epoch, false
if ARGV[5] == '1' or not state[3] or math.abs(now - state[3]) >= 1000 then
  -- Whoever restarts, or takes over from another, may have lost what was written last.
  local current = string.match(redis.call('INFO', 'server'), 'run_id:(%x+)')
  jumps = run and run ~= current
  redis.call('HSET', KEYS[1], 'run', current, 'checked', text(now))
end
local box = redis.call('HGET', bucket .. 'boxes', node)
jumps = jumps or (box and tonumber(ARGV[6]) > tonumber(box))
local told = tonumber(state[4] or '0')
if ARGV[4] ~= '' and (told <= now - ARGV[4] or told > now) then
  -- A change that lies ahead is of before the clock was set back.
  changes = true
end
if changes or jumps then
  epoch = ARGV[3]
  redis.call('HSET', KEYS[1], 'epoch', epoch, 'changed', text(now))
end
if jumps then
  -- Past every number that any node may have seen before the loss.
  for _, other in ipairs(redis.call('HKEYS', bucket .. 'boxes')) do
    redis.call('HINCRBY', bucket .. 'boxes', other, 1000000000)
  end
end

if box then
  redis.call('ZADD', bucket .. 'nodes', now, node)
end
local answer = {
  epoch, redis.call('HGET', bucket .. 'boxes', node) or '', redis.call('HLEN', key('node', node)), redis.call('ZCOUNT', bucket .. 'departures', '-inf', now), now,
}
for _, field in ipairs(redis.call('ZRANGEBYSCORE', bucket .. 'nodes', '-inf', now - ARGV[2], 'WITHSCORES', 'LIMIT', 0, 8)) do
  answer[#answer + 1] = field
end
return answer
