"""What the demo's learners are called and where they live."""


def _words(text: str) -> tuple[str, ...]:
    return tuple(text.split())


GIVEN_NAMES = _words(
    """
    Aaliyah Abdul Adaeze Ahmed Aiko Alejandro Alice Amina Ana Anders Anjali Antonio Aoife Arjun Astrid
    Ayesha Beatriz Benjamin Bilal Bronwyn Camila Carlos Chiara Chidi Chloé Daan Dalia Daniela David
    Deepa Diego Dmitri Eleni Elif Emeka Emma Esther Fatima Felipe Fernanda Finn Gabriela Giorgos Grace
    Gustavo Hana Haruto Hassan Helena Hiroshi Ibrahim Imani Ines Ingrid Isabel Ivan Jamal Jana Javier
    Ji-woo João José Kamala Karim Katarzyna Kenji Khadija Kofi Kwame Lars Layla Leila Liam Linh Luca
    Lucía Magdalena Malik Maria Mateo Mei Mercy Miguel Min-jun Mohammed Nadia Naomi Ngozi Nia Nikolai
    Noah Nour Olga Oliver Omar Oscar Pablo Paola Parvati Pedro Petra Priya Quang Rahul Rania Ravi Renata
    Rosa Ruth Samir Sanjay Sara Sebastián Selma Sibusiso Sofia Stefan Sunita Takumi Tamar Tariq Thandiwe
    Thomas Valentina Viktor Wei Xin Yara Yusuf Yuki Zainab Zoë Zsófia
    """
)

FAMILY_NAMES = _words(
    """
    Abdi Adeyemi Aguilar Ahmed Ali Almeida Andersson Bakker Banerjee Barros Bauer Begum Bekele Bianchi
    Brown Carvalho Castro Chatterjee Chen Chukwu Cohen Costa Cruz Delgado Demir Diallo Díaz Dlamini
    Dubois Eriksson Fernández Ferrari Fischer Flores Garcia Gomes González Gupta Haddad Hansen Hernández
    Hoang Horvat Huang Hughes Hussein Ibrahim Ivanova Jackson Jansen Johansson Jones Kamau Kang Kaplan
    Kaya Katz Kaur Khan Kim Kimura Klein Kowalski Kumar Larsen Le Lee Lefebvre Lewis Li Lim Lopez
    Mahmoud Martín Mbeki Mehta Mendoza Mensah Mohamed Moreau Morales Moyo Müller Murphy Mwangi Nakamura
    Ndiaye Nguyen Nielsen Novak Núñez Obi Okafor Oliveira Ortiz Osei Papadopoulos Park Patel Pereira
    Petrov Popescu Quispe Rahman Ramírez Rao Reyes Ricci Rojas Romero Rossi Saito Salazar Santos Sato
    Schneider Sharma Silva Singh Smith Sokolov Suzuki Szabó Takahashi Tan Tesfaye Thomas Torres Tran
    Vargas Virtanen Wagner Walker Wang Williams Wong Yamamoto Yang Zhang Zulu
    """
)

COUNTRIES = (
    ("US", 22, "en", "Boston"),
    ("IN", 16, "en", "Pune"),
    ("GB", 6, "en", "Leeds"),
    ("BR", 5, "pt-br", "Recife"),
    ("CA", 4, "en", "Toronto"),
    ("MX", 4, "es-419", "Puebla"),
    ("CN", 4, "zh-cn", "Chengdu"),
    ("NG", 4, "en", "Ibadan"),
    ("ES", 3, "es", "Valencia"),
    ("DE", 3, "de", "Leipzig"),
    ("FR", 3, "fr", "Lyon"),
    ("PK", 2, "en", "Lahore"),
    ("CO", 2, "es-419", "Medellín"),
    ("EG", 2, "ar", "Alexandria"),
    ("AU", 2, "en", "Perth"),
    ("PE", 2, "es-419", "Cusco"),
    ("TR", 2, "tr", "Izmir"),
    ("PH", 2, "en", "Cebu City"),
    ("JP", 1.5, "ja", "Osaka"),
    ("KR", 1.5, "ko", "Busan"),
    ("TW", 1, "zh-tw", "Taichung"),
    ("KE", 1.5, "en", "Mombasa"),
    ("ZA", 1.5, "en", "Durban"),
    ("GH", 1, "en", "Kumasi"),
    ("ET", 1, "am", "Bahir Dar"),
    ("MA", 1, "fr", "Fez"),
    ("IT", 1.5, "it", "Bologna"),
    ("PL", 1, "pl", "Wrocław"),
    ("NL", 1, "nl", "Utrecht"),
    ("SE", 1, "sv", "Uppsala"),
    ("FI", 0.8, "fi", "Tampere"),
    ("PT", 0.8, "pt-pt", "Porto"),
    ("GR", 0.8, "el", "Patras"),
    ("UA", 1, "uk", "Lviv"),
    ("RO", 0.6, "ro", "Cluj-Napoca"),
    ("IE", 0.6, "en", "Cork"),
    ("AR", 1, "es-419", "Rosario"),
    ("CL", 0.8, "es-419", "Valparaíso"),
    ("VN", 1, "vi", "Da Nang"),
    ("ID", 1, "id", "Bandung"),
    ("SG", 0.6, "en", "Singapore"),
    ("NZ", 0.4, "en", "Wellington"),
)
"""ISO 3166 code, share of learners, language, and a city."""
