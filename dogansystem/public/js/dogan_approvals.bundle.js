// Approvals: the banner on a document's form, what an approval's own form shows, and the dialogs in which people decide.

import "./dogan_approvals/decide";
import "./dogan_approvals/view";
import "./dogan_approvals/banner";
