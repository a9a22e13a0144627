-- wrk, bounded: WANTED requests over several paths and then no more, so that the number is known beforehand. One thread (-t1).
local wanted = tonumber(os.getenv("WANTED")) or 2000
local granted, sent, answered = 0, 0, 0
local body = '{"amount":%d,"note":"%s"}'

-- wrk asks here before each request: what is past the number waits longer than the run lasts.
function delay()
    granted = granted + 1
    return granted <= wanted and 0 or 3600000
end

function request()
    sent = sent + 1
    local turn = sent % 6
    local headers = { ["Host"] = "load.lab.example" }
    if turn == 0 then return wrk.format("GET", "/v1/orders/" .. sent, headers) end
    if turn == 1 then return wrk.format("GET", "/v1/orders?page=" .. sent % 9 .. "&limit=20", headers) end
    if turn == 2 then return wrk.format("GET", "/missing/" .. sent, headers) end
    if turn == 3 then return wrk.format("DELETE", "/v1/orders/" .. sent, headers) end
    if turn == 4 then return wrk.format("GET", "/static/large.css", { ["Host"] = "api.pay.example" }) end
    headers["Content-Type"] = "application/json"
    return wrk.format("POST", "/v1/orders", headers, body:format(sent, string.rep("x", sent % 3000)))
end

-- The main thread sleeps till the duration is over; it wakes for SIGINT (not while os.execute runs: then it is ignored).
function response()
    answered = answered + 1
    if answered == wanted then os.execute("wrk=$PPID; (sleep 0.2; kill -INT $wrk) &") end
end
