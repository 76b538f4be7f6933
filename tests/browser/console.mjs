// The console in a real browser: one journey after the other, each with nodes of its own.
//
// Started with the program, a folder for the nodes, a folder for pictures, and the names of journeys (all if
// none). Fails on any finding of axe, any message of the browser, and any request to anywhere else.
import { readFileSync } from "node:fs";
import { World } from "./world.mjs";
import { cases } from "./journeys/cases.mjs";
import { jobs } from "./journeys/jobs.mjs";
import { oidc } from "./journeys/oidc.mjs";
import { partners } from "./journeys/partners.mjs";
import { passkeys } from "./journeys/passkeys.mjs";
import { referrals } from "./journeys/referrals.mjs";
import { settings } from "./journeys/settings.mjs";
import { shell } from "./journeys/shell.mjs";
import { overlap, statistics } from "./journeys/statistics.mjs";

const JOURNEYS = {
    shell, passkeys, oidc, cases, jobs, partners, referrals, statistics, overlap, settings,
};

const [program, folder, pictures, ...named] = process.argv.slice(2);
const world = new World(program, folder, pictures);
await world.open();
try {
  for (const name of named.length > 0 ? named : Object.keys(JOURNEYS)) {
    const before = world.failures.length;
    world.begin(name);
    await JOURNEYS[name](world);
    console.log(`${name}: ${world.failures.length === before ? "well" : `${world.failures.length - before} findings`}`);
  }
  // Of all journeys together: no page is forgotten.
  if (named.length === 0) world.complete(readFileSync(new URL("../console.csv", import.meta.url), "utf8"));
} finally {
  await world.close();
  for (const failure of world.failures) console.error(`✗ ${failure}`);
}
console.log(world.failures.length === 0 ? "the console is well" : `${world.failures.length} findings`);
process.exit(world.failures.length === 0 ? 0 : 1);
