-- Names users whose grace is over.
-- ARGV: 1 how many at most
-- Returns {user, ...}.
return redis.call('ZRANGEBYSCORE', bucket .. 'departures', '-inf', clock(), 'LIMIT', 0, ARGV[1])
