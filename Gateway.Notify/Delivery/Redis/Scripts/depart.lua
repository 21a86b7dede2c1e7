-- Notes that a user's last socket is gone, and when the grace for coming back is over.
-- KEYS: departures
-- ARGV: 1 user, 2 grace in ms, 3 when the socket went, in ms, or empty for now
local time = redis.call('TIME')
local gone = tonumber(ARGV[3]) or time[1] * 1000 + math.floor(time[2] / 1000)
return redis.call('ZADD', KEYS[1], string.format('%.0f', gone + ARGV[2]), ARGV[1])
