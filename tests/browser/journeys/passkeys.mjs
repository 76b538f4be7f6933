// Passkeys: added, used to sign in without a name, used to confirm, named, removed; and why there are none.
import { PASSWORD } from "../world.mjs";

/** An authenticator inside of the browser: it verifies the person and keeps passkeys. */
async function authenticator(page) {
  const session = await page.context().newCDPSession(page);
  await session.send("WebAuthn.enable");
  const { authenticatorId } = await session.send("WebAuthn.addVirtualAuthenticator", {
    options: {
      protocol: "ctap2", transport: "internal", hasResidentKey: true, hasUserVerification: true,
      isUserVerified: true, automaticPresenceSimulation: true,
    },
  });
  return {
    count: async () => (await session.send("WebAuthn.getCredentials", { authenticatorId })).credentials.length,
    is: (verified) => session.send("WebAuthn.setUserVerified", { authenticatorId, isUserVerified: verified }),
    forget: () => session.send("WebAuthn.clearCredentials", { authenticatorId }),
  };
}

export async function passkeys(world) {
  // By address: the page says why there are none.
  const unnamed = await world.house("passkeys-unnamed");
  const { page: there } = await world.person(unnamed, "lea", ["case_worker"]);
  await there.goto(`${unnamed.origin}/en/account`);
  const said = await there.textContent("main");
  world.check(said.includes("Give it a name that stays.") && !said.includes("console.public_name"), `a case worker is told to ${said}`);
  world.check((await there.locator("text=Add a passkey").count()) === 0, "a passkey could be added by address");
  await there.click("text=Sign out");
  world.check((await there.locator("form[data-passkey]").count()) === 0, "a passkey could be shown by address");

  const house = await world.house("passkeys", { settings: (text) => text.replace('public_name = ""', 'public_name = "localhost"') });
  const { page, secret } = await world.person(house, "lea", ["case_worker"], { display: "Léa Tremblay" });
  const key = await authenticator(page);

  // Added, with a fresh proof; named so that it is recognized.
  await page.goto(`${house.origin}/en/account`);
  await page.click("main >> text=Add a passkey");
  if (page.url().includes("/confirm")) await world.confirm(page, secret);
  await world.look(page, "passkey-add-en", { picture: false });
  await page.fill("#label", "Telephone <b>");
  await page.click("main form button");
  await page.waitForURL("**/en/account");
  world.check((await key.count()) === 1, "the authenticator has no passkey");
  world.check((await page.textContent("main")).includes("Telephone <b>"), "the passkey has no name, or it was run");
  await world.look(page, "account-passkeys-en");

  // Signing in: no name, no password. A person who was not verified is nobody.
  await page.click("text=Sign out");
  await world.look(page, "sign-in-passkey-en");
  await key.is(false);
  await page.click("form[data-passkey] button");
  await page.locator("form[data-passkey] [data-said]:not([hidden])").waitFor();
  await key.is(true);
  await page.click("form[data-passkey] button");
  await page.waitForURL("**/en/home");
  await page.goto(`${house.origin}/fr/account`);
  world.check((await page.textContent("main")).includes("Clé d’accès"), "the session does not say how it was opened");

  // Confirming: after five minutes the page asks; the passkey is enough. Here it is asked for at once.
  await page.goto(`${house.origin}/fr/confirm?to=/account`);
  await world.look(page, "confirm-passkey-fr", { picture: false });
  await page.click("form[data-passkey] button");
  await page.waitForURL("**/fr/account");

  // Named anew, looked at in both languages and on narrow screens, removed; then it opens nothing.
  await page.click("text=Telephone");
  const path = new URL(page.url()).pathname.replace("/fr", "");
  await page.fill("#label", "Téléphone");
  await page.click("text=Garder le nom");
  await world.tour(page, house, [["passkey", path], ["account", "/account"], ["passkey-add", "/account/passkeys/add"]]);
  await page.goto(`${house.origin}/fr${path}`);
  await page.click("text=Retirer cette clé d’accès");
  await page.waitForURL("**/fr/account");
  world.check(!(await page.textContent("main")).includes("Téléphone"), "the passkey is still there");
  await page.click("text=Fermer la session");
  await page.click("form[data-passkey] button");
  await page.locator(".summary").waitFor();
  world.check((await page.textContent(".summary")).includes("ENT-2702"), "a passkey that was removed opened a session");
  await world.look(page, "sign-in-passkey-wrong-fr", { picture: false });

  // None on the device: the page says so, and the password goes on working.
  await key.forget();
  await page.fill("#name", "lea");
  await page.fill("#password", PASSWORD);

  // Without scripts there is no button that does nothing.
  const plain = await world.window(house, { javaScriptEnabled: false });
  await plain.goto(`${house.origin}/en/sign-in`);
  world.check(!(await plain.locator("form[data-passkey]").isVisible()), "a button for passkeys without scripts");
}
