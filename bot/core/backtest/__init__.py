"""How often a policy would have been wrong: releases of the past, judged anew."""
