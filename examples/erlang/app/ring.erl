%% The cluster: finds the other nodes by their names, and sends a token through all of them.
-module(ring).
-export([start/0, members/0, round/0]).

-define(FIND_EVERY_MS, 500).
-define(ROUND_MS, 5000).

%% Called by `erl -s ring`.
start() ->
    register(ring, spawn(fun relay/0)),
    ring_partitions:start(1000),
    ring_store:start(8087),
    ring_http:start(8098),
    spawn(fun find/0).

%% All nodes that are connected, in the order of the ring.
members() -> lists:sort([node() | nodes()]).

%% Sends a token once around; returns the nodes that it passed.
round() ->
    Mark = make_ref(),
    {ring, node()} ! {token, Mark, self(), [], members() -- [node()]},
    receive
        {Mark, Passed} -> Passed
    after ?ROUND_MS -> []
    end.

relay() ->
    receive
        {token, Mark, Sender, Passed, []} ->
            Sender ! {Mark, lists:reverse([node() | Passed])};
        {token, Mark, Sender, Passed, [Next | Rest]} ->
            {ring, Next} ! {token, Mark, Sender, [node() | Passed], Rest}
    end,
    relay().

%% A node that comes later or comes back is found by whoever is there.
find() ->
    [net_adm:ping(Node) || Node <- others(), not lists:member(Node, nodes())],
    timer:sleep(?FIND_EVERY_MS),
    find().

%% The service's name has the addresses of all its containers, and each address has the name of its own container.
others() ->
    case inet:getaddrs(os:getenv("RING_SERVICE"), inet) of
        {ok, Addresses} -> lists:flatmap(fun node_at/1, Addresses -- own_addresses());
        {error, _} -> []
    end.

node_at(Address) ->
    case inet:gethostbyaddr(Address) of
        {ok, {hostent, Name, _, _, _, _}} -> [list_to_atom("ring@" ++ Name)];
        {error, _} -> []
    end.

own_addresses() ->
    {ok, Interfaces} = inet:getifaddrs(),
    [Address || {_, Options} <- Interfaces, {addr, Address} <- Options].
