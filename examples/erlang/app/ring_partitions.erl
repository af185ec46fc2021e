%% A node's partitions, each on a port of its own that the system chooses: what makes a firewall by ports impossible.
-module(ring_partitions).
-export([start/1, ports/0, reach/0]).

-define(CONNECT_MS, 2000).

start(Count) ->
    Starter = self(),
    Partitions = [spawn(fun() -> listen(Number, Starter) end) || Number <- lists:seq(1, Count)],
    Ports = [receive {Partition, Port} -> Port end || Partition <- Partitions],
    persistent_term:put(?MODULE, Ports).

%% Ports of this node's partitions, in their order.
ports() -> persistent_term:get(?MODULE).

%% Asks every partition of every other node for its number; returns how many of each node gave the right one.
reach() -> [{Node, reach(Node)} || Node <- ring:members(), Node =/= node()].

reach(Node) ->
    [_, Host] = string:split(atom_to_list(Node), "@"),
    {ok, Address} = inet:getaddr(Host, inet),
    Ports = erpc:call(Node, ?MODULE, ports, []),
    Numbered = lists:zip(lists:seq(1, length(Ports)), Ports),
    length([right || {Number, Port} <- Numbered, ask(Address, Port) =:= integer_to_binary(Number)]).

ask(Address, Port) ->
    case gen_tcp:connect(Address, Port, [binary, {active, false}, {packet, line}], ?CONNECT_MS) of
        {ok, Socket} ->
            Answer = gen_tcp:recv(Socket, 0, ?CONNECT_MS),
            gen_tcp:close(Socket),
            case Answer of
                {ok, Line} -> string:trim(Line);
                {error, Reason} -> Reason
            end;
        {error, Reason} -> Reason
    end.

listen(Number, Starter) ->
    {ok, Listening} = gen_tcp:listen(0, [binary, {active, false}]),
    {ok, Port} = inet:port(Listening),
    Starter ! {self(), Port},
    accept(Listening, integer_to_binary(Number)).

accept(Listening, Number) ->
    {ok, Socket} = gen_tcp:accept(Listening),
    gen_tcp:send(Socket, [Number, "\n"]),
    gen_tcp:close(Socket),
    accept(Listening, Number).
