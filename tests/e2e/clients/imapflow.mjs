// npm's imapflow against a running instance: QRESYNC, COMPRESS and IDLE as its users get them. Prints one JSON object of what
// it saw; test_live_clients.py judges it. usage: node imapflow.mjs MODULES PORT USER PASSWORD CERTIFICATE
import { createRequire } from 'node:module';
import { readFileSync } from 'node:fs';

const [modules, port, user, pass, certificate] = process.argv.slice(2);
const { ImapFlow } = createRequire(modules + '/')('imapflow');
const seen = { commands: [] };

function note(entry) {
    if (entry.src === 'c' && typeof entry.msg === 'string') seen.commands.push(entry.msg);
}
const logger = { trace: note, debug: note, info: note, warn: note, error: note };

async function connect(options = {}) {
    const client = new ImapFlow({
        host: 'localhost', port: Number(port), secure: true, auth: { user, pass }, tls: { ca: readFileSync(certificate) },
        qresync: true, disableAutoIdle: true, logger, ...options
    });
    client.on('error', problem => { throw problem; });
    await client.connect();
    return client;
}

const event = (client, name, matches = () => true) => new Promise(resolve => {
    const listen = found => {
        if (!matches(found)) return;
        client.off(name, listen);
        resolve(found);
    };
    client.on(name, listen);
});

const one = await connect();
seen.enabled = [...one.enabled];
seen.folders = (await one.list()).map(folder => [folder.path, folder.specialUse || '']);
let box = await one.mailboxOpen('INBOX');
const known = { uidValidity: box.uidValidity, changedSince: box.highestModseq };
seen.exists = box.exists;
seen.messages = [];
for await (const message of one.fetch('1:*', { uid: true, flags: true, envelope: true, bodyStructure: true, size: true, internalDate: true, source: true })) {
    seen.messages.push({ uid: message.uid, size: message.size, subject: message.envelope.subject, type: message.bodyStructure.type, id: message.emailId,
        source: message.source.toString('latin1') });
}
seen.found = await one.search({ subject: 'part' }, { uid: true });
const { content } = await one.download('2', '2', { uid: true });
let octets = Buffer.alloc(0);
for await (const piece of content) octets = Buffer.concat([octets, piece]);
seen.part = octets.toString('hex');
seen.status = await one.status('INBOX', { messages: true, unseen: true, uidNext: true });
await one.logout();

const other = await connect({ qresync: false });
await other.mailboxOpen('INBOX');
await other.messageFlagsAdd('2', ['\\Flagged'], { uid: true });
await other.messageDelete('3', { uid: true });

// Back again: the changes of the meantime come with SELECT.
const back = await connect();
const vanished = [], flags = [];
back.on('expunge', found => vanished.push(found.uid));
back.on('flags', found => flags.push(found.uid));
box = await back.mailboxOpen('INBOX', known);
seen.resync = { vanished: [...vanished], flags: [...flags], exists: box.exists };

// IDLE tells of a delivery, of flags and of an expunge.
const idle = back.idle();
const grown = event(back, 'exists', found => found.count > box.exists - 1);
const appended = await other.append('INBOX', 'Subject: while idle\r\n\r\nNow.\r\n', ['\\Seen']);
seen.idle = { count: (await grown).count };
const changed = event(back, 'flags', found => found.flags.has('\\Answered'));
await other.messageFlagsAdd(String(appended.uid), ['\\Answered'], { uid: true });
seen.idle.flags = [...(await changed).flags].filter(flag => flag !== '\\Recent').sort();
const gone = event(back, 'expunge');
await other.messageDelete(String(appended.uid), { uid: true });
seen.idle.gone = (await gone).uid === appended.uid;
await back.noop();
await idle;

await back.mailboxCreate(['Work', 'Grüße & Co']);
seen.copied = [...(await back.messageCopy('1', 'Work/Grüße & Co', { uid: true })).uidMap];
seen.moved = [...(await back.messageMove('2', 'Archive', { uid: true })).uidMap];
await back.mailboxRename('Work/Grüße & Co', 'Work/Post');
seen.deleted = (await back.mailboxDelete('Work/Post')).path;
await back.logout();
await other.logout();
console.log(JSON.stringify(seen, (key, value) => typeof value === 'bigint' ? Number(value) : value));
