-- Takes seats of a user away: one connection's, or all of a node that is gone.
-- KEYS: seats, sessions that have left
-- ARGV: 1 connection id or empty, 2 node, 3 whether the sessions are to be remembered (0 or 1), 4 for how long in ms
-- Returns how many seats the user still has on all nodes.
local seats = redis.call('HGETALL', KEYS[1])
for i = 1, #seats, 2 do
  local node, session = string.match(seats[i + 1], '^%d+|([^|]*)|[^|]*|[^|]*|(.*)$')
  if seats[i] == ARGV[1] or (ARGV[1] == '' and node == ARGV[2]) then
    redis.call('HDEL', KEYS[1], seats[i])
    if ARGV[3] == '1' then
      redis.call('SADD', KEYS[2], session)
      redis.call('PEXPIRE', KEYS[2], ARGV[4])
    end
  end
end
return redis.call('HLEN', KEYS[1])
