-- Says what a client has missed.
-- ARGV: 1 user, 2 epoch, 3 sequence
-- Returns {epoch or empty, feed, sequence, resumed, entry, body, ...}.
local answer = { redis.call('HGET', KEYS[1], 'epoch') or '' }
for _, value in ipairs(missed(ARGV[1], ARGV[2], ARGV[3])) do
  answer[#answer + 1] = value
end
return answer
