"use strict";exports.id=8330,exports.ids=[8330],exports.modules={8330:(s=>{s.exports={rE:"0.1.0"}})};
