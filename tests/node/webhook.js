// Prints, one per line, whether npm standardwebhooks takes a delivery for one that was signed with each of some
// secrets. Usage: node webhook.js '{"secrets": [...], "headers": {...}, "body": "..."}'
import { Webhook } from 'standardwebhooks';

const { secrets, headers, body } = JSON.parse(process.argv[2]);
for (const secret of secrets) {
  try {
    new Webhook(secret).verify(body, headers);
    console.log('verified');
  } catch (error) {
    console.log(error.message);
  }
}
