%% Keys and values, each kept by one node; any node takes `put KEY VALUE` and `get KEY`, a line each.
-module(ring_store).
-export([start/1, put_here/2, get_here/1]).

start(Port) ->
    Starter = self(),
    spawn(fun() -> serve(Port, Starter) end),
    receive {?MODULE, ready} -> ok end.

%% The table and the listening socket live as long as this process.
serve(Port, Starter) ->
    ?MODULE = ets:new(?MODULE, [named_table, public]),
    {ok, Listening} = gen_tcp:listen(Port, [binary, {packet, line}, {active, false}, {reuseaddr, true}]),
    Starter ! {?MODULE, ready},
    accept(Listening).

accept(Listening) ->
    {ok, Socket} = gen_tcp:accept(Listening),
    Client = spawn(fun() -> receive go -> talk(Socket) end end),
    ok = gen_tcp:controlling_process(Socket, Client),
    Client ! go,
    accept(Listening).

talk(Socket) ->
    case gen_tcp:recv(Socket, 0) of
        {ok, Line} ->
            gen_tcp:send(Socket, [answer(string:lexemes(string:trim(Line), " ")), "\n"]),
            talk(Socket);
        {error, _} -> gen_tcp:close(Socket)
    end.

answer([<<"put">>, Key, Value]) ->
    Keeper = keeper(Key),
    ok = erpc:call(Keeper, ?MODULE, put_here, [Key, Value]),
    ["kept by ", atom_to_list(Keeper)];
answer([<<"get">>, Key]) ->
    case erpc:call(keeper(Key), ?MODULE, get_here, [Key]) of
        [Value] -> Value;
        [] -> "nothing"
    end;
answer(_) -> "put KEY VALUE, or get KEY".

keeper(Key) ->
    Members = ring:members(),
    lists:nth(erlang:phash2(Key, length(Members)) + 1, Members).

put_here(Key, Value) ->
    ets:insert(?MODULE, {Key, Value}),
    ok.

get_here(Key) -> [Value || {_, Value} <- ets:lookup(?MODULE, Key)].
