-- Sends one body again and again: wrk -s post.lua URL -- FILE. Prints its figures as name=value.
function init(arguments)
  local file = assert(io.open(arguments[1], "rb"))
  wrk.method = "POST"
  wrk.headers["Content-Type"] = "application/x-protobuf"
  wrk.body = file:read("*all")
  file:close()
  request_text = wrk.format()
end

function request()
  return request_text
end

function done(summary, latency)
  local errors = summary.errors
  print(string.format("requests=%d", summary.requests))
  print(string.format("microseconds=%d", summary.duration))
  print(string.format("bytes=%d", summary.bytes))
  print(string.format("failed=%d", errors.connect + errors.read + errors.write + errors.status + errors.timeout))
  print(string.format("p50=%d", latency:percentile(50)))
  print(string.format("p99=%d", latency:percentile(99)))
end
