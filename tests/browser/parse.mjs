// Reads every .eml of a folder with postal-mime and prints what it understood, as JSON by file name.
import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import PostalMime from "postal-mime";

const folder = process.argv[2];
const found = {};
for (const name of readdirSync(folder)) {
  const mail = await PostalMime.parse(readFileSync(join(folder, name)));
  found[name] = {
    headers: mail.headers.map((one) => [one.originalKey, one.value]),
    from: mail.from,
    to: mail.to,
    replyTo: mail.replyTo,
    subject: mail.subject,
    messageId: mail.messageId,
    text: mail.text,
    html: mail.html,
    pictures: mail.attachments.map((one) => one.contentId),
  };
}
process.stdout.write(JSON.stringify(found));
