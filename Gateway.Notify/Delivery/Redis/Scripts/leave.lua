-- Takes one seat away.
-- ARGV: 1 node, 2 connection id, 3 user, 4 to 7 the rule of unseat, 8 whether the node sees to a departure itself (0 or 1); then the grace is the time it may take
-- Returns {claim, session, ...} of such a departure, or nothing.
local due = unseat(ARGV[3], ARGV[2], { ARGV[4], ARGV[5], ARGV[6], ARGV[7] })
redis.call('HDEL', key('node', ARGV[1]), ARGV[2])
redis.call('HDEL', key('gone', ARGV[1]), ARGV[2])
if not due or ARGV[8] ~= '1' then
  return {}
end
local answer = redis.call('SMEMBERS', key('left', ARGV[3]))
table.insert(answer, 1, due)
return answer
