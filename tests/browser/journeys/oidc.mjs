// The organization's identity provider: a real one, over TLS with a certificate of its own. In by a group, in both languages
// and without scripts; confirmed there; out without a group, when disabled, with one factor; moved from a password; signed out there too.
import { execFile } from "node:child_process";
import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { IdentityProvider } from "../provider.mjs";
import { PASSWORD } from "../world.mjs";

const BUTTON = 'form[action$="/sign-in/oidc"] button';

/** What somebody does on the provider's page. */
async function at(page, op, who, { factors = "two" } = {}) {
  await page.waitForURL(`${op.issuer}/who/**`);
  await page.fill("#who", who);
  await page.selectOption("#factors", factors);
  await page.click("#in");
}

/** Signs out here, is led on, and signs out there. */
async function leaves(page, op, house, lang, word) {
  await page.click(`text=${word}`);
  await page.waitForURL(`${op.issuer}/session/end?**`);
  const left = new URL(page.url()).searchParams;
  await page.click("#out");
  await page.waitForURL(`${house.origin}/${lang}/sign-in`);
  return left;
}

/** The code of the fault that a page shows, and that nothing of the provider is on it or in its address. */
async function fault(world, page, house, what) {
  await page.locator("main span.code").waitFor();
  const text = await page.textContent("main");
  world.check(!/555|access_denied/.test(text), `${what}: words of the provider are on our page`);
  world.check(!/[?&](code|state|error)=/.test(page.url()), `${what}: the address keeps what the provider said: ${page.url()}`);
  return text.match(/ENT-\d{4}/)?.[0];
}

/** What doctor says of the provider. It ends with 1 if anything is bad, and the provider answers in this very process. */
async function doctor(house) {
  const told = await new Promise((resolve) => {
    execFile(house.program, ["--home", house.home, "--json", "doctor"], (_bad, stdout) => resolve(JSON.parse(stdout)));
  });
  return told.checks.find((it) => it.code === "identity_provider");
}

export async function oidc(world) {
  // The certificate that a node makes for itself serves as one that no authority has signed.
  const maker = await world.house("oidc-certificate");
  const [cert, key] = ["console.pem", "console.key"].map((name) => join(maker.home, name));
  const op = await IdentityProvider.open(readFileSync(cert), readFileSync(key));
  try {
    await journey(world, op, cert);
  } finally {
    op.close();
  }
}

async function journey(world, op, cert) {
  const secret = join(world.folder, "client-secret");
  writeFileSync(secret, "a secret of thirty-two characters\n", { mode: 0o600 });
  const settings = (text) => `${text}
[oidc]
issuer = "${op.issuer}"
client_id = "entente"
client_secret_file = "${secret}"
ca_file = "${cert}"
name_en = "your province account"
name_fr = "votre compte de la province"
[oidc.roles]
entente-cases = ["case_worker"]
entente-chiefs = ["case_worker", "supervisor", "privacy_officer"]
`;
  const house = await world.house("oidc", { settings });
  await op.serve("entente", "a secret of thirty-two characters", ["back", "out"].map((way) => `${house.origin}/sign-in/oidc/${way}`));
  const told = await doctor(house);
  world.check(told?.wellness === "good", `doctor says of the provider: ${JSON.stringify(told)}`);
  const window = (options) => world.window(house, { also: [op.issuer], ...options });

  // In, by a group. The page in between leads on by itself.
  const page = await window();
  await page.goto(`${house.origin}/en/sign-in?to=/cases`);
  await world.look(page, "sign-in-oidc-en");
  await page.click(BUTTON);
  await at(page, op, "lea");
  await page.waitForURL(`${house.origin}/en/cases`);
  const users = () => house.json("user", "list").users;
  const lea = users().find((user) => user.name === "lea@refuge.example");
  world.check(JSON.stringify([lea?.roles, lea?.ways, lea?.display]) === '[["case_worker"],["identity_provider"],"Léa Tremblay"]', `the account is ${JSON.stringify(lea)}`);
  for (const lang of ["en", "fr"]) {
    await page.goto(`${house.origin}/${lang}/account`);
    await world.look(page, `account-oidc-${lang}`, { picture: lang === "fr" });
  }
  world.check((await page.textContent("main")).includes("Fournisseur d’identité"), "the session does not say how it was opened");
  world.check((await page.locator('form[action$="/account/renew"]').count()) === 0, "an account of the provider is offered a password");
  const cookies = await page.context().cookies(house.origin);
  world.check(cookies.length === 1 && cookies.every((it) => it.secure && it.httpOnly), `the cookies are ${JSON.stringify(cookies.map((it) => it.name))}`);

  // Confirmed there: asked again although there is a session, and only the same person will do.
  await page.goto(`${house.origin}/fr/confirm?to=/account`);
  await world.look(page, "confirm-oidc-fr");
  await page.click("#password");
  await at(page, op, "ana");
  world.check((await fault(world, page, house, "another person")) === "ENT-2811", "another person confirmed");
  world.check((await page.getAttribute("html", "lang")) === "fr", "the language was lost on the way");
  await world.look(page, "oidc-somebody-else-fr", { picture: false });
  await page.goto(`${house.origin}/fr/confirm?to=/account`);
  await page.click("#password");
  await at(page, op, "lea");
  await page.waitForURL(`${house.origin}/fr/account`);
  world.check(house.json("audit", "list", "--action", "proved_again").entries.length === 1, "the proof is not in the log");

  // Refused: no, no group, one factor. Each is said on our page in our words, in both languages.
  const left = await leaves(page, op, house, "fr", "Fermer la session");
  world.check(left.get("client_id") === "entente" && !left.has("id_token_hint"), `signed out there with ${left}`);
  await page.click(BUTTON);
  await page.waitForURL(`${op.issuer}/who/**`); // Nobody is let in by the session of before.
  const again = async (what, code, go, lang = "en") => {
    // A window of its own: the provider knows nobody there.
    const window_ = await window();
    await window_.goto(`${house.origin}/${lang}/sign-in`);
    await window_.click(BUTTON);
    await go(window_);
    const got = await fault(world, window_, house, what);
    world.check(got === code, `${what}: ${got}, not ${code}`);
    return window_;
  };
  const no = async (window_) => { await window_.waitForURL(`${op.issuer}/who/**`); await window_.click("#no"); };
  await (await again("who went back", "ENT-2804", no)).context().close();
  const out = await again("no group", "ENT-2807", (window_) => at(window_, op, "omar"), "fr");
  await world.look(out, "sign-in-oidc-refused-fr");
  await out.click("text=English");
  world.check((await out.textContent(".summary")).includes("ENT-2807"), "the other language does not say it");
  await world.look(out, "sign-in-oidc-refused-en", { picture: false });
  await out.setViewportSize({ width: 320, height: 640 });
  await world.look(out, "sign-in-oidc-refused-en-320", { picture: false });
  await out.context().close();
  await (await again("one factor", "ENT-2806", (window_) => at(window_, op, "lea", { factors: "one" }))).context().close();
  world.check(users().length === 1, "somebody who was refused has an account");

  // Without scripts, in French; the roles are those of the groups of today.
  op.people.lea.groups = ["entente-chiefs"];
  const plain = await window({ javaScriptEnabled: false });
  await plain.goto(`${house.origin}/fr/sign-in`);
  await plain.click(BUTTON);
  await at(plain, op, "lea");
  await plain.waitForURL(`${house.origin}/fr/home`);
  world.check(users()[0].roles.includes("supervisor"), "the roles do not follow the groups");
  world.check(house.json("audit", "list", "--action", "roles_followed").entries.length === 1, "that is not in the log");

  // Disabled here: out at the next request, and the provider does not help.
  house.cli("user", "disable", "lea@refuge.example");
  await plain.goto(`${house.origin}/fr/home`);
  world.check(new URL(plain.url()).pathname === "/fr/sign-in", "a disabled account is still in");
  await plain.click(BUTTON);
  world.check((await fault(world, plain, house, "disabled")) === "ENT-2810", "a disabled account came in");
  house.cli("user", "enable", "lea@refuge.example");
  // In no group any more.
  await plain.click(BUTTON);
  await plain.waitForURL(`${house.origin}/fr/home`);
  op.people.lea.groups = [];
  const gone = await again("left the group", "ENT-2807", (window_) => at(window_, op, "lea"));
  await gone.context().close();
  await plain.goto(`${house.origin}/fr/home`);
  world.check(new URL(plain.url()).pathname === "/fr/sign-in", "whoever left the group is still in");

  // Coming back twice, or in another browser, is coming back with nothing.
  let back = "";
  const watched = await window();
  watched.on("request", (request) => { if (request.url().includes("/sign-in/oidc/back")) back = request.url(); });
  op.people.lea.groups = ["entente-cases"];
  await watched.goto(`${house.origin}/en/sign-in`);
  await watched.click(BUTTON);
  await at(watched, op, "lea");
  await watched.waitForURL(`${house.origin}/en/home`);
  const thief = await window();
  await thief.goto(back);
  world.check((await fault(world, thief, house, "a code in another browser")) === "ENT-2805", "a code was good twice");
  await thief.context().close();

  // Somebody who has a password here moves to the provider; until then nobody gets their name.
  const { page: ana } = await world.person(house, "ana", ["case_worker"], { display: "Ana Costa", page: await window() });
  const taken = await again("a name that is taken", "ENT-2808", (window_) => at(window_, op, "ana"));
  await taken.context().close();
  await ana.goto(`${house.origin}/en/account`);
  await world.look(ana, "account-move-oidc-en");
  await ana.click('form[action$="/account/oidc"] button');
  await at(ana, op, "ana");
  await ana.waitForURL(`${house.origin}/en/account`);
  const moved = users().find((user) => user.name === "ana");
  world.check(JSON.stringify([moved.ways, moved.roles]) === '[["identity_provider"],["case_worker","supervisor","privacy_officer"]]', `the account that moved is ${JSON.stringify(moved)}`);
  await leaves(ana, op, house, "en", "Sign out");
  await ana.fill("#name", "ana");
  await ana.fill("#password", PASSWORD);
  await ana.fill("#code", "000000");
  await ana.click("form.card button");
  world.check((await ana.textContent(".summary")).includes("ENT-2702"), "the password of before still works");

  // The administrator sees how somebody signs in, and that the roles are not theirs to give.
  const { page: chief } = await world.person(house, "chief", ["administrator"]);
  await world.tour(chief, house, [["person-oidc", `/people/${moved.id}`]], ["person-oidc-en"]);
  world.check((await chief.locator('form[action$="/roles"]').count()) === 0, "the roles of the provider can be changed here");

  // The provider is down: a page says so, and a password goes on working. What is known of it lasts an hour.
  const late = await world.house("oidc-down", { settings });
  op.down = true;
  const { page: nina } = await world.person(late, "nina", ["case_worker"]);
  await nina.click("text=Sign out");
  await nina.click(BUTTON);
  world.check((await fault(world, nina, late, "a provider that is down")) === "ENT-2802", "a provider that is down is not said to be");
  await world.look(nina, "sign-in-oidc-down-en", { picture: false });
  world.check((await nina.locator("#password").count()) === 1, "without the provider there is no password");
  const down = await doctor(late);
  world.check(down?.wellness === "bad", `doctor says of a provider that is down: ${JSON.stringify(down)}`);

  // Nothing of it is in any log.
  const log = JSON.stringify(house.json("audit", "list"));
  const code = new URL(back).searchParams.get("code");
  for (const word of [code, "everybody", "entente-cases", op.issuer]) world.check(!log.includes(word), `the log holds ${word}`);
  world.check(op.asked.includes("POST /token"), "no code was exchanged");
}
