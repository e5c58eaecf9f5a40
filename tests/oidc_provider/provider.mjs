// An OpenID Connect provider with one page: who logs in says under which subject, and has the same
// e-mail as everybody else. `node provider.mjs '{"port": 1, "clients": [], "algorithm": "RS256"}'`

import { generateKeyPairSync, randomUUID } from 'node:crypto';
import { createServer } from 'node:http';

import Provider from 'oidc-provider';

const { port, clients, algorithm, email } = JSON.parse(process.argv[2]);
const issuer = `http://localhost:${port}`;

function key() {
  const [type, options] = algorithm === 'ES256' ? ['ec', { namedCurve: 'P-256' }] : ['rsa', { modulusLength: 2048 }];
  const { privateKey } = generateKeyPairSync(type, options);
  return { ...privateKey.export({ format: 'jwk' }), kid: randomUUID(), use: 'sig', alg: algorithm };
}

const provider = new Provider(issuer, {
  clients: clients.map((client) => ({ id_token_signed_response_alg: algorithm, ...client })),
  jwks: { keys: [key()] },
  enabledJWA: { idTokenSigningAlgValues: [algorithm] },
  cookies: { keys: [randomUUID()] },
  claims: { openid: ['sub'], email: ['email', 'email_verified'] },
  conformIdTokenClaims: false,
  features: { devInteractions: { enabled: false } },
  interactions: { url: (_, interaction) => `/interaction/${interaction.uid}` },
  findAccount: (_, id) => ({
    accountId: id,
    claims: () => ({ sub: id, email, email_verified: true }),
  }),
  // Nobody is asked to consent.
  loadExistingGrant: async (ctx) => {
    const grant = new ctx.oidc.provider.Grant({
      clientId: ctx.oidc.client.clientId,
      accountId: ctx.oidc.session.accountId,
    });
    grant.addOIDCScope('openid email');
    await grant.save();
    return grant;
  },
});

async function form(request) {
  let body = '';
  for await (const piece of request) body += piece;
  return new URLSearchParams(body);
}

async function interact(request, response) {
  await provider.interactionDetails(request, response);
  if (request.method === 'POST') {
    const accountId = (await form(request)).get('subject');
    await provider.interactionFinished(request, response, { login: { accountId } });
    return;
  }
  response.setHeader('content-type', 'text/html');
  response.end('<form method="post"><input name="subject"><button>Log in</button></form>');
}

const answer = provider.callback();
createServer((request, response) => {
  if (!request.url.startsWith('/interaction/')) return answer(request, response);
  return interact(request, response).catch((error) => {
    response.statusCode = 400;
    response.end(String(error));
  });
}).listen(port, '127.0.0.1');
