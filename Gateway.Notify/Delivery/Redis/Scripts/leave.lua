-- Takes one seat away.
-- ARGV: 1 node, 2 connection id, 3 user, 4 to 7 the rule of unseat
unseat(ARGV[3], ARGV[2], { ARGV[4], ARGV[5], ARGV[6], ARGV[7] })
redis.call('HDEL', key('node', ARGV[1]), ARGV[2])
redis.call('HDEL', key('gone', ARGV[1]), ARGV[2])
return 1
