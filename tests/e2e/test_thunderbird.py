"""Thunderbird itself against a running instance: an account, the folder list, headers, a message, flags, moves, IDLE, a saved draft."""
import base64
import shutil
import unittest

import test_transcripts
from harness import DOMAIN, Instance, letter, until
from imap_wire import Wire
from marionette import Thunderbird

NAMES = ("first", "parts", "coded", "reply", "flagged", "large")
LETTERS = [test_transcripts.LETTERS[name] for name in NAMES]

# What every script may use: waiting for a condition of the program, whose events are many.
COMMON = """
const { setTimeout } = ChromeUtils.importESModule("resource://gre/modules/Timer.sys.mjs");
const until = async condition => {
    for (;;) {
        const found = condition();
        if (found) return found;
        await new Promise(resolve => setTimeout(resolve, 20));
    }
};
const server = () => MailServices.accounts.allServers.find(one => one.type === "imap");
const folders = () => server().rootFolder.descendants.map(one => one.QueryInterface(Ci.nsIMsgImapMailFolder));
const folder = name => folders().find(one => one.onlineName === name);
const headers = box => [...box.msgDatabase.enumerateMessages()].sort((a, b) => a.messageKey - b.messageKey);
const header = uid => headers(folder("INBOX")).find(one => one.messageKey === uid);
const copied = start => new Promise((resolve, reject) => start({
    onStartCopy() {}, onProgress() {}, setMessageKey() {}, getMessageId() { return null; },
    onStopCopy(status) { status ? reject(new Error("copy " + status)) : resolve(); },
    QueryInterface: ChromeUtils.generateQI(["nsIMsgCopyServiceListener"]) }));
"""
SET_UP = """
const [port, user, password] = args;
const login = Cc["@mozilla.org/login-manager/loginInfo;1"].createInstance(Ci.nsILoginInfo);
login.init("imap://localhost", null, "imap://localhost", user, password, "", "");
await Services.logins.addLoginAsync(login);
const made = MailServices.accounts.createIncomingServer(user, "localhost", "imap");
made.port = port;
made.socketType = Ci.nsMsgSocketType.SSL;
made.authMethod = Ci.nsMsgAuthMethod.passwordCleartext;
const account = MailServices.accounts.createAccount();
const identity = MailServices.accounts.createIdentity();
identity.email = user;
account.addIdentity(identity);
account.incomingServer = made;
folder("INBOX").updateFolder(null);
server().getNewMessages(server().rootFolder, null, null);
await until(() => folder("Trash") && folder("INBOX").getTotalMessages(false) === args[3] && headers(folder("INBOX")).length === args[3]);
return folders().map(one => one.onlineName).sort();
"""
READ = """
const { MailServices: services } = ChromeUtils.importESModule("resource:///modules/MailServices.sys.mjs");
const uri = folder("INBOX").getUriForMsg(header(args[0]));
return await new Promise((resolve, reject) => {
    let text = "";
    services.messageServiceFromURI(uri).streamMessage(uri, {
        onStartRequest() {},
        onDataAvailable(request, stream, offset, count) {
            const input = Cc["@mozilla.org/binaryinputstream;1"].createInstance(Ci.nsIBinaryInputStream);
            input.setInputStream(stream);
            text += input.readBytes(count);
        },
        onStopRequest(request, status) { status ? reject(new Error("stream " + status)) : resolve(btoa(text)); },
        QueryInterface: ChromeUtils.generateQI(["nsIStreamListener", "nsIRequestObserver"]),
    }, null, null, false, "", false);
});
"""


@unittest.skipUnless(shutil.which("thunderbird"), "thunderbird is not installed")
class Live(unittest.TestCase):
    def test_an_account_from_set_up_to_idle(self):
        with Instance() as mail:
            wire = Wire(mail, "anna")
            for day, octets in enumerate(LETTERS, 1):
                wire.append("INBOX", octets, f'"{day:2d}-Nov-2026 12:00:00 +0000" ')
            wire.ok("SELECT INBOX")
            program = Thunderbird(mail.root)
            self.addCleanup(program.close)
            self.use(mail, wire, program)
            wire.close()

    def use(self, mail, wire, program):
        def run(script, *arguments):
            return program.run(COMMON + script, *arguments)

        names = run(SET_UP, mail.ports["imaps"], f"anna@{DOMAIN}", mail.passwords["anna"], len(LETTERS))
        self.assertTrue({"INBOX", "Drafts", "Sent", "Trash", "Archive", "Junk"} <= set(names), names)
        uses = run("return Object.fromEntries(folders().map(one => [one.onlineName, one.flags]));")
        for name, bit in (("Trash", 0x100), ("Sent", 0x200), ("Drafts", 0x400), ("Archive", 0x4000), ("Junk", 0x40000000)):
            self.assertTrue(uses[name] & bit, name)  # nsMsgFolderFlags: taken from the special uses
        subjects = run('return headers(folder("INBOX")).map(one => one.mime2DecodedSubject);')
        self.assertEqual(subjects, ["first letter", "with a part", "Grüße", "first letter", "look", "large"])  # it keeps "Re:" apart

        for uid in (1, 2, 6):
            got = base64.b64decode(run(READ, uid)).replace(b"\r\n", b"\n")
            self.assertEqual(got.rstrip(b"\n"), LETTERS[uid - 1].replace(b"\r\n", b"\n").rstrip(b"\n"))

        run('folder("INBOX").markMessagesRead([header(1)], true); folder("INBOX").markMessagesFlagged([header(3)], true);')
        until(wire, lambda: b"\\Seen" in wire.flags(1) and b"\\Flagged" in wire.flags(3))
        run('await copied(listener => folder("INBOX").deleteMessages([header(5)], null, false, true, listener, false));')
        run('await copied(listener => MailServices.copy.copyMessages(folder("INBOX"), [header(4)], folder("Archive"), true, listener, null, false));')
        run('await copied(listener => MailServices.copy.copyMessages(folder("INBOX"), [header(1)], folder("Archive"), false, listener, null, false));')
        until(wire, lambda: self.count(wire, "Trash") == 1 and self.count(wire, "Archive") == 2)
        until(wire, lambda: self.count(wire, "INBOX") == len(LETTERS) - 2)  # marked \Deleted or moved, and gone

        run("""const file = Services.dirsvc.get("TmpD", Ci.nsIFile);
            file.append("hm-draft.eml");
            file.createUnique(Ci.nsIFile.NORMAL_FILE_TYPE, 0o600);
            await IOUtils.writeUTF8(file.path, args[0]);
            await copied(listener => MailServices.copy.copyFileMessage(file, folder("Drafts"), null, true, 0x4, "", listener, null));
            await IOUtils.remove(file.path);""", test_transcripts.LETTERS["draft"].decode())
        self.assertEqual(self.count(wire, "Drafts"), 1)

        # It is in IDLE: what arrives and what another program changes shows without being asked for.
        mail.deliver(letter("just come"))
        run('await until(() => headers(folder("INBOX")).some(one => one.subject === "just come"));')
        wire.ok("UID STORE 2 +FLAGS (\\Seen)")
        run("await until(() => header(2).isRead);")
        wire.ok("UID STORE 6 +FLAGS (\\Deleted)")
        wire.ok("EXPUNGE")
        run("await until(() => !header(6));")
        self.assertEqual(run('return headers(folder("INBOX")).map(one => one.messageKey);'), [1, 2, 3, 7])

    @staticmethod
    def count(wire, mailbox):
        return next(found[3][b"MESSAGES"] for found in wire.ok(f"STATUS {mailbox} (MESSAGES)") if found[1] == b"STATUS")


if __name__ == "__main__":
    unittest.main()
