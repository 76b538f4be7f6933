// The demonstration that goes on: whoever has two of the printed links is in two consoles, and a link is good once.
import { spawn } from "node:child_process";
import { createInterface } from "node:readline";
import { once } from "node:events";
import { PASSWORD, code } from "../world.mjs";

export async function demo(world) {
  const shown = spawn(world.program, ["--json", "demo", "--keep", "--records", "70"], { env: { ...process.env, TMPDIR: world.folder } });
  try {
    const [line] = await once(createInterface(shown.stdout), "line");
    const consoles = JSON.parse(line).consoles.slice(0, 2);
    const inside = [];
    for (const { address, link, organization } of consoles) {
      const page = await world.window({ origin: address });
      await page.goto(link);
      await page.fill("#password", PASSWORD);
      await page.fill("#code", code((await page.textContent("p > .code")).trim()));
      await page.click("main form button");
      await page.click("text=I have kept them");
      const who = await page.textContent("header a.who bdi");
      world.check(page.url() === `${address}/en/home` && who === organization.en, `the link of ${organization.en} leads to ${page.url()} of ${who}`);
      await world.look(page, "demo-home", { picture: false });
      inside.push(page);

      // The second time it opens nothing, in another window too.
      const second = await world.window({ origin: address });
      await second.goto(link);
      world.check((await second.textContent("main")).includes("ENT-2704") && (await second.locator("#password").count()) === 0, "a link was good twice");
      await second.context().close();
    }
    // Both are open at the same time, with what the story left there.
    for (const page of inside) {
      await page.click("nav.bar a[href='/en/partners']");
      world.check((await page.locator("tbody tr").count()) > 0, "the demonstration has no partners");
      await world.look(page, "demo-partners", { picture: false });
    }
  } finally {
    shown.kill("SIGINT");
    if (shown.exitCode === null) await once(shown, "exit");
  }
}
