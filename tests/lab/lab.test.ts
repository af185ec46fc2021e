import { expect, it } from "vitest";
import { describeLab, TEST_IMAGE, withLab } from "../support/lab.js";

describeLab("a lab of two hosts", () => {
  const lab = withLab("lab", { hosts: 2 });

  it("runs containers on its hosts", async () => {
    await lab.sh(
      "h1",
      "docker",
      "run",
      "-d",
      "--name",
      "web",
      "-p",
      "8080:80",
      TEST_IMAGE,
      "serve",
    );
    const page = await fetch(`http://${lab.host("h1").address}:8080/`);
    expect(await page.text()).toBe("clocker-test\n");
    expect(await lab.sh("h2", "docker", "ps", "-q")).toBe("");
  });
});
