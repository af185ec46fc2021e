import type { PolicyMember } from "../../firewall/model.js";
import { ownerOf } from "../../host/ownership.js";
import { successionsOn } from "../successions.js";
import type { NetworkPolicyInputs } from "./inputs.js";

/**
 * The policy that holds while containers are replaced: an old one is what it was, wherever it still runs. Its address is nobody
 * else's until a plan sees it gone, and then the policy is written anew for whoever gets it.
 */
export function withLeaving(
  news: NetworkPolicyInputs,
  olds?: NetworkPolicyInputs,
): NetworkPolicyInputs {
  const taken = new Set(news.members.map(({ address }) => address));
  const known = [...(olds?.members ?? []), ...(olds?.leaving ?? [])];
  const leaving = successionsOn(ownerOf({ ...news.meta, name: news.network })).flatMap(
    ({ container, host, address }): PolicyMember[] => {
      if (taken.has(address)) return [];
      const before = known.find((member) => member.address === address && !member.machine);
      const next = news.members.find(({ name, machine }) => name === container && !machine);
      const member = before ?? next;
      return member ? [{ ...member, host, address }] : [];
    },
  );
  const { leaving: _before, ...policy } = news;
  return leaving.length > 0 ? { ...policy, leaving } : policy;
}

/** What of a policy a program says. */
export function withoutLeaving<Policy extends NetworkPolicyInputs>(
  policy: Policy,
): Omit<Policy, "leaving"> {
  const { leaving: _leaving, ...rest } = policy;
  return rest;
}
