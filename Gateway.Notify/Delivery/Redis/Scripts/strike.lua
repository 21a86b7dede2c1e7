-- Strikes some of the seats that were set aside and have not been taken again.
-- ARGV: 1 node, 2 how many, 3 whether it has to be buried (0 or 1), 4 since when it is gone in ms or empty, 5 to 8 the rule of unseat
-- Returns how many are left.
local graves, gone = bucket .. 'graves', key('gone', ARGV[1])
if ARGV[3] == '1' then
  if not redis.call('ZSCORE', graves, ARGV[1]) then
    return 0
  end
  redis.call('ZADD', graves, clock(), ARGV[1])
end
if redis.call('EXISTS', gone) == 1 then
  local some = redis.call('HRANDFIELD', gone, ARGV[2], 'WITHVALUES')
  for i = 1, #some, 2 do
    if redis.call('HEXISTS', key('node', ARGV[1]), some[i]) == 0 then
      unseat(some[i + 1], some[i], { ARGV[5], ARGV[6], ARGV[7], ARGV[8] }, tonumber(ARGV[4]))
    end
    redis.call('HDEL', gone, some[i])
  end
end
local left = redis.call('HLEN', gone)
if left == 0 and ARGV[3] == '1' then
  redis.call('ZREM', graves, ARGV[1])
end
return left
