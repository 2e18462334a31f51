"""Words that say little, folded: what a question is put with, and what nearly every service could be called.

Neither is dropped from the index, and neither from a question that has no other words.
"""

from __future__ import annotations

# Articles, prepositions, conjunctions and pronouns of the three languages, and what a question is put with.
# "it", "us", "ai" and "recherche" are left in: they name a trade, a country, a technique and a sector.
_STOP_WORDS_EN = """
a about all also am an and any are as at be been being best both but by can could did do does each for from
get give good had has have he her how i if in into is its itself like list looking look me more most my need
needs no nor not of on one only or other our out over please put run searching seeking she should show so
some someone something such than that the their them there these they this those through to too under up use
used using very want wants was we were what when where which who whose why will with within without would
you your
"""
_STOP_WORDS_FR = """
au aucun aussi autre aux avec avez avoir avons besoin bien ce ceci cela ces cet cette cherche cherchent
chercher cherchez cherchons comme comment dans de des dont doit doivent du elle elles en entre est et etes
etre eux faire fait faut il ils je la le les leur leurs lui ma mais me meilleur meilleure meilleurs meme mes
moi mon ne nos notre nous ont ou par pas peut peuvent peux plus pour pourrait pouvons pouvoir puis quand que
quel quelle quelles quels qui quoi sa sans se sera ses si son sont sous souhaite souhaitons sur ta tout
toute toutes tous tres trouve trouver tu un une utiliser vers veux voudrais voudrions voulons vos votre vous
y
"""
_STOP_WORDS_DE = """
ans aufs beim furs hinterm ins ubers ums unters vors durchs aber alle allem allen aller alles als also am an
auch auf aus bei bin bis bitte brauche brauchen braucht da damit dann das dass dem den denn der des dich die
dies diese diesem diesen dieser dieses dir doch dort du durch ein eine einem einen einer eines er es euch
euer etwas finde finden findet fur gegen gesucht gibt habe haben hat hatte hier ich ihm ihn ihnen ihr ihre
ihrem ihren ihrer im in ist jede jedem jeden jeder jedes kann kein keine keinen konnen konnte man mehr mein
meine meinem meinen meiner mich mir mit mochte mochten muss mussen nach nicht noch nur nutzen ob oder ohne
sein seine sich sie sind so sollte sollten soll such suche suchen sucht sehr uber um und uns unser unsere
unserem unseren unserer unter viel vom von vor wann war was welche welchem welchen welcher welches wenn wer
werden wie wir wird wo wollen zu zum zur zwischen
"""
STOP_WORDS = frozenset(f"{_STOP_WORDS_EN} {_STOP_WORDS_FR} {_STOP_WORDS_DE}".split())

# What nearly every entry of a catalogue of services could be called: good for the order, bad as a demand.
_WEAK_WORDS = """
cloud company companies offer offers offering offerings operator operators platform platforms product
products provider providers service services software solution solutions supplier suppliers system systems
tool tools vendor vendors entreprise entreprises exploitant fournisseur fournisseurs logiciel logiciels
nuage offre offres outil outils plateforme plateformes prestataire prestataires prestation produit produits
societe societes systeme systemes anbieter angebot angebote anwendung anwendungen betreiber dienst dienste
diensten dienstleister dienstleistung dienstleistungen firma firmen hersteller losung losungen plattform
plattformen produkt produkte programm programme unternehmen werkzeug werkzeuge app apps application
applications
"""
WEAK_WORDS = frozenset(_WEAK_WORDS.split())
