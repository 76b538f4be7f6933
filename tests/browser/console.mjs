// The console in a real browser: each journey a process with nodes and a browser of its own, two at a time.
//
// Started with the program, a folder for the nodes, a folder for pictures, and the names of journeys (all if
// none). Fails on any finding of axe, any message of the browser, and any request to anywhere else.
import { spawn } from "node:child_process";
import { mkdirSync, readFileSync, rmSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { missed } from "./world.mjs";

/** The longest first, so that the last one does not run alone for long. */
const JOURNEYS = ["statistics", "cases", "referrals", "partners", "settings", "overlap", "jobs", "shell", "keyboard", "plain", "demo", "accounts", "oidc", "passkeys"];
const AT_ONCE = 2;

const [program, folder, pictures, ...named] = process.argv.slice(2);
const unknown = named.filter((name) => !JOURNEYS.includes(name));
if (!pictures || unknown.length > 0) {
  console.error(`console.mjs PROGRAM FOLDER PICTURES [JOURNEY…], of ${JOURNEYS.join(", ")}`);
  process.exit(2);
}
rmSync(folder, { recursive: true, force: true });
mkdirSync(folder, { recursive: true });

/** Goes on one journey and tells, when it is over, all that it said. */
function go(name) {
  const started = Date.now();
  const journey = fileURLToPath(new URL("journey.mjs", import.meta.url));
  const child = spawn(process.execPath, [journey, name, program, join(folder, name), pictures]);
  let said = "";
  for (const stream of [child.stdout, child.stderr]) stream.on("data", (part) => { said += part; });
  return new Promise((resolve) => child.on("close", (status) => {
    console.log(`${name}: ${status === 0 ? "well" : "not well"}, ${Math.round((Date.now() - started) / 1000)} s`);
    if (said) console.log(said.trimEnd());
    resolve(status === 0);
  }));
}

const waiting = named.length > 0 ? JOURNEYS.filter((name) => named.includes(name)) : [...JOURNEYS];
let well = true;
async function lane() {
  for (let name = waiting.shift(); name; name = waiting.shift()) well = (await go(name)) && well;
}
await Promise.all(Array.from({ length: AT_ONCE }, lane));

// Of all journeys together: no page is forgotten.
if (well && named.length === 0) {
  const seen = JOURNEYS.map((name) => JSON.parse(readFileSync(join(folder, name, "looked.json"), "utf8")));
  const forgotten = missed(seen.flatMap((it) => it.looked), seen.flatMap((it) => it.axed));
  for (const it of forgotten) console.error(`✗ ${it}`);
  well = forgotten.length === 0;
}
console.log(well ? "the console is well" : "the console is not well");
process.exit(well ? 0 : 1);
