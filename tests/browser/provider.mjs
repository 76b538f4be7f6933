// A certified identity provider (oidc-provider) on this machine, as an organization would run one: it asks who
// somebody is on a page of its own, with one or two factors, and tells the groups in the ID token.
import { generateKeyPairSync } from "node:crypto";
import { createServer } from "node:https";
import { join } from "node:path";
import { pathToFileURL } from "node:url";

const library = join(process.env.ENTENTE_NODE_MODULES ?? "node_modules", "oidc-provider", "lib", "index.js");

/** The people whom the provider knows, with what it tells of them. Journeys change their groups. */
const people = () => ({
  lea: { name: "Léa Tremblay", preferred_username: "lea@refuge.example", groups: ["entente-cases", "everybody"] },
  omar: { name: "Omar Haddad", preferred_username: "omar@refuge.example", groups: ["everybody"] },
  ana: { name: "Ana Costa", preferred_username: "ana", groups: ["entente-chiefs"] },
});

const page = (res, text, status = 200) => {
  res.writeHead(status, { "content-type": "text/html; charset=utf-8" });
  res.end(`<!doctype html><html lang="en"><meta charset="utf-8"><title>Login</title><link rel="icon" href="data:,">${text}</html>`);
};

async function form(req) {
  let text = "";
  for await (const part of req) text += part;
  return new URLSearchParams(text);
}

export class IdentityProvider {
  /** Opens one with a certificate and a key in PEM. */
  static async open(cert, key) {
    const it = new IdentityProvider();
    it.people = people();
    it.asked = [];
    it.server = createServer({ cert, key }, (req, res) => it.answer(req, res));
    await new Promise((done) => it.server.listen(0, "127.0.0.1", done));
    it.port = it.server.address().port;
    it.issuer = `https://127.0.0.1:${it.port}`;
    return it;
  }

  /** Serves one client, which comes back to these addresses: signed in, and signed out. */
  async serve(id, secret, [back, out]) {
    const { Provider } = await import(pathToFileURL(library));
    const { privateKey } = generateKeyPairSync("rsa", { modulusLength: 2048 });
    this.op = new Provider(this.issuer, {
      clients: [{ client_id: id, client_secret: secret, redirect_uris: [back], post_logout_redirect_uris: [out], require_auth_time: true }],
      jwks: { keys: [{ ...privateKey.export({ format: "jwk" }), kid: "first", use: "sig", alg: "RS256" }] },
      cookies: { keys: ["of the journey"] },
      features: {
        devInteractions: { enabled: false },
        rpInitiatedLogout: {
          enabled: true,
          logoutSource: (ctx, form) => {
            ctx.body = `<!doctype html><html lang="en"><meta charset="utf-8"><title>Logout</title><link rel="icon" href="data:,">${form}<button id="out" type="submit" form="op.logoutForm" name="logout" value="yes">Out</button>`;
          },
        },
      },
      interactions: { url: (_, interaction) => `/who/${interaction.uid}` },
      claims: { openid: ["sub", "amr", "auth_time"], profile: ["name", "preferred_username", "groups"] },
      ttl: { AccessToken: 60, AuthorizationCode: 60, Grant: 600, IdToken: 300, Interaction: 600, Session: 600 },
      conformIdTokenClaims: false,
      pkce: { required: () => true },
      findAccount: (_, accountId) => ({ accountId, claims: async () => ({ sub: accountId, ...this.people[accountId] }) }),
      // Nobody is asked whether their own organization may know who they are.
      loadExistingGrant: async (ctx) => {
        const grant = new this.op.Grant({ clientId: id, accountId: ctx.oidc.session.accountId });
        grant.addOIDCScope("openid profile");
        await grant.save();
        return grant;
      },
    });
    this.callback = this.op.callback();
  }

  async answer(req, res) {
    if (this.down) return res.destroy();
    const { pathname } = new URL(req.url, this.issuer);
    this.asked.push(`${req.method} ${pathname}`);
    if (!pathname.startsWith("/who/")) return this.callback(req, res);
    const { prompt } = await this.op.interactionDetails(req, res);
    if (req.method === "GET") {
      return page(res, `<form method="post"><p>${prompt.name}</p><input id="who" name="who"><select id="factors" name="factors"><option>two<option>one</select><button id="in">In</button><button id="no" name="no" value="1">No</button></form>`);
    }
    const typed = await form(req);
    const result = typed.has("no")
      ? { error: "access_denied", error_description: "<b>Call 555-0100</b>" }
      : { login: { accountId: typed.get("who"), amr: typed.get("factors") === "two" ? ["pwd", "otp"] : ["pwd"] } };
    return this.op.interactionFinished(req, res, result, { mergeWithLastSubmission: false });
  }

  close() { this.server.closeAllConnections(); this.server.close(); }
}
