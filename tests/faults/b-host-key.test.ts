import { afterAll, expect, it } from "vitest";
import { FaultProject, inventoryOf, withBystanders } from "../support/fault-project.js";
import { describeLab, withLab } from "../support/lab.js";

describeLab("B6: a host's key has changed", () => {
  const lab = withLab("fault-key", { hosts: 1 });
  withBystanders(lab);
  let faulty: FaultProject | undefined;
  afterAll(async () => faulty?.destroy());
  const sshdLog = async () => (await lab.exec("h1", ["cat", "/var/log/sshd.log"])).stdout;
  const fingerprint = async () =>
    (await lab.sh("h1", "ssh-keygen", "-lf", "/etc/ssh/ssh_host_ed25519_key.pub")).split(" ")[1]!;

  it("is refused before authentication, with both fingerprints; a new pin is an update", async () => {
    faulty = await FaultProject.create(lab, "rekeyed");
    await faulty.heals(["web"]);
    const before = await faulty.owned();

    const old = await fingerprint();
    await lab.sh(
      "h1",
      "sh",
      "-c",
      "rm /etc/ssh/ssh_host_ed25519_key*; ssh-keygen -q -t ed25519 -N '' -f /etc/ssh/ssh_host_ed25519_key",
    );
    // sshd reads its keys again; connections of before would go on.
    await lab.sh("h1", "sh", "-c", "kill -HUP $(cat /run/sshd.pid)");
    const offered = await fingerprint();
    expect(offered).not.toBe(old);
    const logged = (await sshdLog()).length;

    const { address, port } = lab.host("h1");
    await faulty.write({ body: `web("web", { env: { CHANGED: "yes" } });` });
    const failed = await faulty.project.up();
    expect(failed.code).toBeGreaterThan(0);
    expect(failed.output).toContain(`host h1: the host key of ${address}:${port} has changed`);
    expect(failed.output).toContain(`expected: ${old} (from hostKeys)`);
    expect(failed.output).toContain(`offered:  ${offered} (ssh-ed25519)`);
    expect(failed.output).toContain("Nothing was sent.");
    // sshd saw nobody log in, nor try to.
    expect((await sshdLog()).slice(logged)).not.toMatch(/Accepted|Failed|userauth|publickey/);
    expect((await faulty.owned()).map(({ id }) => id)).toEqual(before.map(({ id }) => id));

    const inventory = inventoryOf(lab);
    inventory.hosts[0]!.hostKey = (await lab.sh("h1", "cat", "/etc/ssh/ssh_host_ed25519_key.pub"))
      .split(" ")
      .slice(0, 2)
      .join(" ");
    await faulty.setInventory(inventory);
    await faulty.write({});
    await faulty.heals(["web"]);
    expect((await faulty.owned()).map(({ id }) => id)).toEqual(before.map(({ id }) => id));
  });
});
