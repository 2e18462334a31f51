// Verifies one credential again and again with `@digitalbazaar/vc` and prints the milliseconds of CPU that one
// verification took. Standard input: {credential, form, contexts, documents, rounds}. The contexts are handed out
// as "static", so that jsonld.js keeps them processed between verifications.
import * as vc from '@digitalbazaar/vc';
import {DataIntegrityProof} from '@digitalbazaar/data-integrity';
import {Ed25519Signature2020} from '@digitalbazaar/ed25519-signature-2020';
import {cryptosuite} from '@digitalbazaar/eddsa-rdfc-2022-cryptosuite';
import {text} from 'node:stream/consumers';

const {credential, form, contexts, documents, rounds} = JSON.parse(await text(process.stdin));

async function documentLoader(url) {
  if(contexts[url]) {
    return {contextUrl: null, documentUrl: url, document: contexts[url], tag: 'static'};
  }
  if(documents[url]) {
    return {contextUrl: null, documentUrl: url, document: documents[url]};
  }
  throw new Error(`not given: ${url}`);
}

const wire = JSON.stringify(credential);

async function verify() {
  const suite = form === 'ed25519-2020' ? new Ed25519Signature2020() : new DataIntegrityProof({cryptosuite});
  const {verified, error} = await vc.verifyCredential({credential: JSON.parse(wire), suite, documentLoader});
  if(!verified) {
    throw error;
  }
}

// The compiler has seen it all before it is measured.
for(let round = 0; round < rounds; round++) {
  await verify();
}
const before = process.cpuUsage();
for(let round = 0; round < rounds; round++) {
  await verify();
}
const {user, system} = process.cpuUsage(before);
console.log((user + system) / 1000 / rounds);
