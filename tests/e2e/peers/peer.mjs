// Other people's implementations, asked from a test: a list of tasks on standard input, their results on
// standard output. Contexts and DID documents come with the tasks, so that nothing is fetched.
import * as vc from '@digitalbazaar/vc';
import * as EcdsaMultikey from '@digitalbazaar/ecdsa-multikey';
import * as Ed25519Multikey from '@digitalbazaar/ed25519-multikey';
import * as ecdsaJcs from '@digitalbazaar/ecdsa-jcs-2019-cryptosuite';
import * as eddsaJcs from '@digitalbazaar/eddsa-jcs-2022-cryptosuite';
import * as jose from 'jose';
import jsigs from 'jsonld-signatures';
import {DataIntegrityProof} from '@digitalbazaar/data-integrity';
import {Ed25519Signature2020} from '@digitalbazaar/ed25519-signature-2020';
import {Ed25519VerificationKey2020} from '@digitalbazaar/ed25519-verification-key-2020';
import {cryptosuite as ecdsaRdfc} from '@digitalbazaar/ecdsa-rdfc-2019-cryptosuite';
import {cryptosuite as eddsaRdfc} from '@digitalbazaar/eddsa-rdfc-2022-cryptosuite';
import {text} from 'node:stream/consumers';

const SUITES = {
  'eddsa-rdfc-2022': {sign: () => eddsaRdfc, verify: () => eddsaRdfc},
  'ecdsa-rdfc-2019': {sign: () => ecdsaRdfc, verify: () => ecdsaRdfc},
  'eddsa-jcs-2022': {sign: eddsaJcs.createSignCryptosuite, verify: eddsaJcs.createVerifyCryptosuite},
  'ecdsa-jcs-2019': {sign: ecdsaJcs.createSignCryptosuite, verify: ecdsaJcs.createVerifyCryptosuite},
};

const {contexts, documents, tasks} = JSON.parse(await text(process.stdin));

async function documentLoader(url) {
  const document = contexts[url] ?? documents[url];
  if(!document) {
    throw new Error(`not given: ${url}`);
  }
  return {contextUrl: null, documentUrl: url, document};
}

async function signer({form, jwk, method, controller, ed25519}) {
  if(form === 'ed25519-2020') {
    return Ed25519VerificationKey2020.from({id: method, controller, ...ed25519});
  }
  const kind = jwk.kty === 'OKP' ? Ed25519Multikey : EcdsaMultikey;
  return kind.fromJwk({jwk, secretKey: true, id: method, controller});
}

async function suiteToSign(task) {
  const key = await signer(task);
  const date = task.date;
  if(task.form === 'ed25519-2020') {
    return new Ed25519Signature2020({key, date});
  }
  return new DataIntegrityProof({signer: key.signer(), date, cryptosuite: SUITES[task.form].sign()});
}

function suiteToVerify({form}) {
  if(form === 'ed25519-2020') {
    return new Ed25519Signature2020();
  }
  return new DataIntegrityProof({cryptosuite: SUITES[form].verify()});
}

function outcome({verified, error}) {
  if(!verified) {
    throw new Error([error?.message, ...(error?.errors ?? []).map(each => each.message)].join('; '));
  }
}

const OPERATIONS = {
  // Every one of several proofs must hold, each by the suite of its form, whoever signed it: `vc` takes none but
  // the issuer's.
  async verifyEach({forms, document}) {
    const suite = forms.map(form => suiteToVerify({form}));
    const purpose = new jsigs.purposes.AssertionProofPurpose();
    const result = await jsigs.verify(document, {suite, purpose, documentLoader});
    outcome(result);
    const held = result.results.filter(({verified}) => verified);
    if(held.length !== document.proof.length) {
      throw new Error(`${held.length} of ${document.proof.length} proofs hold`);
    }
  },
  async verify(task) {
    const given = {suite: suiteToVerify(task), documentLoader, now: task.now};
    outcome(await vc.verifyCredential({...given, credential: task.document}));
  },
  async verifyPresentation(task) {
    const {document: presentation, challenge, domain} = task;
    const given = {suite: suiteToVerify(task), documentLoader, now: task.now};
    outcome(await vc.verify({...given, presentation, challenge, domain}));
  },
  async sign(task) {
    return vc.issue({credential: task.document, suite: await suiteToSign(task), documentLoader, now: task.now});
  },
  async signPresentation(task) {
    const presentation = vc.createPresentation({
      verifiableCredential: task.credentials, holder: task.controller, version: task.version, verify: false,
    });
    const {challenge, domain} = task;
    return vc.signPresentation({presentation, suite: await suiteToSign(task), documentLoader, challenge, domain});
  },
  async verifyToken({token, jwk, algorithm}) {
    const key = await jose.importJWK(jwk, algorithm);
    await jose.compactVerify(token, key, {algorithms: [algorithm]});
  },
  async signToken({header, payload, jwk}) {
    const key = await jose.importJWK(jwk, header.alg);
    const bytes = new TextEncoder().encode(JSON.stringify(payload));
    return new jose.CompactSign(bytes).setProtectedHeader(header).sign(key);
  },
};

const results = [];
for(const task of tasks) {
  try {
    results.push({value: (await OPERATIONS[task.operation](task)) ?? null});
  } catch(error) {
    results.push({error: `${error.name}: ${error.message}`});
  }
}
console.log(JSON.stringify(results));
