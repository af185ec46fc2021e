%% What the node says of itself and of the ring, as JSON.
-module(ring_http).
-export([start/1]).

start(Port) -> spawn(fun() -> serve(Port) end).

serve(Port) ->
    {ok, Listening} = gen_tcp:listen(Port, [binary, {packet, http_bin}, {active, false}, {reuseaddr, true}]),
    accept(Listening).

accept(Listening) ->
    {ok, Socket} = gen_tcp:accept(Listening),
    Client = spawn(fun() -> receive go -> talk(Socket) end end),
    ok = gen_tcp:controlling_process(Socket, Client),
    Client ! go,
    accept(Listening).

talk(Socket) ->
    {ok, {http_request, _, {abs_path, Path}, _}} = gen_tcp:recv(Socket, 0),
    headers(Socket),
    {Status, Body} = answer(Path),
    gen_tcp:send(Socket, [
        "HTTP/1.1 ", Status, "\r\ncontent-type: application/json\r\nconnection: close\r\n",
        "content-length: ", integer_to_list(iolist_size(Body)), "\r\n\r\n", Body
    ]),
    gen_tcp:close(Socket).

headers(Socket) ->
    case gen_tcp:recv(Socket, 0) of
        {ok, http_eoh} -> ok;
        {ok, _} -> headers(Socket)
    end.

%% The node, those it is connected with, and the ports on which they talk.
answer(<<"/status">>) ->
    {port, Distribution, _} = erl_epmd:port_please("ring", {127, 0, 0, 1}),
    ok([
        {"node", text(node())},
        {"nodes", list([text(Node) || Node <- ring:members()])},
        {"distribution", integer_to_list(Distribution)},
        {"partitions", list([integer_to_list(Port) || Port <- ring_partitions:ports()])}
    ]);
%% The nodes that a token passed on its way through the ring.
answer(<<"/ring">>) ->
    ok([{"passed", list([text(Node) || Node <- ring:round()])}]);
%% How many of the other nodes' partitions were reached from here.
answer(<<"/reach">>) ->
    ok([{atom_to_list(Node), integer_to_list(Count)} || {Node, Count} <- ring_partitions:reach()]);
answer(_) ->
    {"404 Not Found", object([{"paths", list([text(P) || P <- ['/status', '/ring', '/reach']])}])}.

ok(Fields) -> {"200 OK", object(Fields)}.

object(Fields) -> ["{", lists:join(",", [[$", Name, "\":", Value] || {Name, Value} <- Fields]), "}\n"].

list(Values) -> ["[", lists:join(",", Values), "]"].

text(Atom) -> [$", atom_to_list(Atom), $"].
